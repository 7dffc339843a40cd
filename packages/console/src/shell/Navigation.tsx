import { Link } from '@tanstack/react-router';
import { useSession } from '../session/SessionGate.tsx';
import { AccountMenu } from './AccountMenu.tsx';
import { Mark } from './Mark.tsx';
import styles from './Navigation.module.css';
import { PlaceIcon } from './PlaceIcon.tsx';
import { places } from './places.ts';
import { ScopeSwitcher } from './ScopeSwitcher.tsx';

/** Brand, tenant and company, the places the roles allow, and the account. */
export function Navigation({ onHelp }: { onHelp: () => void }) {
  const { may } = useSession();
  const allowed = places.filter((place) => may(place.permission));
  const groups = [...new Set(allowed.map((place) => place.group))];
  return (
    <div className={styles.navigation}>
      <div className={styles.brand}>
        <Mark />
        Bulkhead
      </div>
      <ScopeSwitcher />
      <nav aria-label="Main" className={styles.places}>
        {groups.map((group) => (
          <div key={group}>
            <h2 className={styles.group}>{group}</h2>
            <ul className={styles.list}>
              {allowed
                .filter((place) => place.group === group)
                .map(({ to, label }) => (
                  <li key={to}>
                    <Link
                      to={to}
                      activeOptions={{ exact: to === '/' }}
                      className={styles.place}
                      activeProps={{ 'aria-current': 'page' }}
                    >
                      <PlaceIcon to={to} />
                      {label}
                    </Link>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </nav>
      <AccountMenu onHelp={onHelp} />
    </div>
  );
}
